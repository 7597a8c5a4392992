"""Recording a training loop of somebody's own, so that the app shows it: `record`."""
