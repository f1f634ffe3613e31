# Distilloscope on a host of your own, with the limits of a shared one (docs/hosting.md):
#   docker build -t distilloscope . && docker run -p 7860:7860 -v distilloscope:/data distilloscope
FROM python:3.12.12-slim-trixie

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    OMP_WAIT_POLICY=PASSIVE \
    TOKENIZERS_PARALLELISM=false \
    GRADIO_ANALYTICS_ENABLED=False \
    DISTILLOSCOPE_HOME=/data \
    DISTILLOSCOPE_HOST=cpu_space

RUN useradd --create-home --uid 1000 visitor && mkdir /data && chown visitor:visitor /data
WORKDIR /home/visitor/app

# the pins first: they change seldom, and their layer is large; an index with CPU builds of torch saves some GB
ARG PIP_EXTRA_INDEX_URL=""
COPY requirements.txt ./
RUN pip install --no-cache-dir -r requirements.txt

COPY app.py ./
COPY backend ./backend
COPY components ./components
COPY assets ./assets

USER visitor
VOLUME /data
EXPOSE 7860
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:7860/health', timeout=4)"]
CMD ["python", "app.py", "--host", "0.0.0.0", "--port", "7860"]
