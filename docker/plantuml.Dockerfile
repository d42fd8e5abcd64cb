# A plantuml worker of clx on Debian. `clx docker build plantuml` makes the context: this folder, and in root/ the very program that builds, with its data.
ARG BASE=debian:bookworm-slim
FROM ${BASE}
COPY add-packages set-up-worker /usr/local/sbin/
RUN set-up-worker
RUN add-packages default-jre-headless fonts-dejavu-core graphviz librsvg2-bin plantuml
COPY root/ /
# A program that was built for another system fails here, not in the middle of a course.
RUN ["/usr/local/bin/clx", "--version"]
ARG PACKAGES=
RUN [ -z "${PACKAGES}" ] || add-packages ${PACKAGES}
ENV HOME=/tmp LANG=C.UTF-8 WORKSPACE_PATH=/workspace
USER clx
ENTRYPOINT ["/usr/local/bin/clx", "worker", "plantuml"]
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["/usr/local/bin/clx", "worker", "plantuml", "--health"]
