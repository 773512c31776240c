FROM python:3.12-slim
ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 DJANGO_SETTINGS_MODULE=reviewsite.settings
WORKDIR /app
COPY requirements.txt .
RUN pip install -r requirements.txt
COPY . .
RUN SECRET_KEY=only-for-this-step python manage.py collectstatic --noinput -v 0 \
    && useradd --system countersign && mkdir /data && chown countersign /data
USER countersign
ENV DATA=/data
VOLUME /data
EXPOSE 8000
CMD ["gunicorn", "-c", "python:reviewsite.gunicorn_conf", "-b", "0.0.0.0:8000", "reviewsite.wsgi"]
