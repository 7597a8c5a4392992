# docker build -t afn --build-arg TORCH=cpu .
# docker run -p 8501:8501 -v afn-runs:/runs afn
FROM python:3.11-slim

# Without TORCH=cpu, the default wheels of torch are taken, which bring CUDA (several GB).
ARG TORCH=""

RUN useradd --create-home --uid 1000 afn && mkdir /runs && chown afn /runs
WORKDIR /home/afn/project
COPY requirements.txt .
RUN if [ -n "$TORCH" ]; then \
      pip install --no-cache-dir uv==0.13.9 && \
      uv pip install --system --no-cache --torch-backend "$TORCH" -r requirements.txt; \
    else pip install --no-cache-dir -r requirements.txt; fi
COPY --chown=afn LICENSE LICENSE
COPY --chown=afn afn afn
COPY --chown=afn app app
COPY --chown=afn pretrained pretrained
COPY --chown=afn .streamlit .streamlit

USER afn
ENV AFN_RUNS_DIR=/runs AFN_SHARED=1 PYTHONPATH=/home/afn/project PYTHONUNBUFFERED=1
VOLUME /runs
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD \
  ["python", "-c", "import urllib.request as u; u.urlopen('http://localhost:8501/_stcore/health', timeout=4)"]
CMD ["python", "-m", "afn", "serve", "--port=8501", "--host=0.0.0.0"]
