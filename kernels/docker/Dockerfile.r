# The image of kernels/docker/Dockerfile, with R and its kernel (IRkernel) from Debian.
#
#   docker build -t jupyter-ext-kernel-r -f kernels/docker/Dockerfile.r \
#     --build-arg BASE=jupyter-ext-kernel kernels/docker
#
# Without a network: download the packages for the base's Debian into kernels/docker/packages.
ARG BASE=jupyter-ext-kernel
FROM ${BASE}

# The first file is only there because something has to be copied.
COPY Dockerfile.r package[s] /tmp/packages/
RUN if ls /tmp/packages/*.deb >/dev/null 2>&1; then \
      DEBIAN_FRONTEND=noninteractive dpkg --install --force-unsafe-io /tmp/packages/*.deb; \
    else \
      apt-get update \
      && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends r-cran-irkernel \
      && rm -rf /var/lib/apt/lists/*; \
    fi \
 && rm -rf /tmp/packages
