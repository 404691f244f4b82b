# Every instruction that a commit can carry ends up in the image's configuration.

variable "repository" {}

source "docker" "it" {
  image  = "base:latest"
  commit = true
  changes = [
    "ENV A=1 B=\"two words\"",
    "ENV LEGACY form of it",
    "LABEL one=1 two=\"2 2\"",
    "LABEL \"quoted key\"=value",
    "EXPOSE 80 443/tcp 53/udp",
    "VOLUME /data /more",
    "VOLUME [\"/json\"]",
    "USER app:app",
    "WORKDIR /srv",
    "WORKDIR below",
    "ENTRYPOINT [\"/bin/echo\", \"it's\"]",
    "CMD [\"hello\", \"$HOME\"]",
    "ONBUILD RUN true",
    "ONBUILD COPY . /app",
    "HEALTHCHECK --interval=5s --retries=2 CMD test -f /healthy",
  ]
}

source "docker" "shell-form" {
  image   = "base:latest"
  commit  = true
  changes = ["ENTRYPOINT exec top -b", "CMD echo \"$A\"", "HEALTHCHECK NONE"]
}

build {
  sources = ["source.docker.it"]

  post-processor "docker-tag" {
    repository = var.repository
    tags       = ["json"]
  }
}

build {
  sources = ["source.docker.shell-form"]

  post-processor "docker-tag" {
    repository = var.repository
    tags       = ["shell"]
  }
}
