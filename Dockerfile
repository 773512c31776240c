FROM python:3.12-slim
ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 DJANGO_SETTINGS_MODULE=reviewsite.settings STATIC_ROOT=/app/staticfiles DATA=/data
WORKDIR /app
COPY requirements*.txt .
RUN pip install -r requirements.txt
# More of requirements-*.txt, such as "sentry hub".
ARG EXTRAS=
RUN for extra in $EXTRAS; do pip install -r "requirements-$extra.txt"; done
COPY . .
# Label Studio's editor, for the review and label screens. Without it: --build-arg EDITOR=no.
ARG EDITOR=yes
RUN if [ "$EDITOR" = yes ]; then python labelstudio/frontend.py; fi
RUN SECRET_KEY=only-for-this-step python manage.py collectstatic --noinput -v 0
RUN useradd --system countersign && mkdir -p "$DATA" && chown countersign "$DATA"
USER countersign
VOLUME /data
EXPOSE 8000
ENTRYPOINT ["deploy/run"]
CMD ["web"]
