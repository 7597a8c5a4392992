"""What a norm costs: parameters, multiply-accumulates, time and memory, beside batch norm.

`plan` says what to measure and `records` what came of it; both need no torch. `measure` measures,
`figures` compares with the figures that this project has set itself, `command` is the command line.
"""
