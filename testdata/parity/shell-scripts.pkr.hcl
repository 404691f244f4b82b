# Scripts are uploaded, made executable, run and removed, each on its own.

variable "repository" {}

source "docker" "it" {
  image  = "base:latest"
  commit = true
}

build {
  sources = ["source.docker.it"]

  provisioner "shell" {
    script = "one.sh"
  }
  provisioner "shell" {
    scripts          = ["one.sh", "nested/two.sh"]
    environment_vars = ["GREETING=hello"]
  }
  provisioner "shell" {
    script           = "one.sh"
    remote_path      = "/var/tmp/kept.sh"
    skip_clean       = true
  }
  provisioner "shell" {
    script        = "one.sh"
    remote_folder = "/var"
    remote_file   = "named.sh"
    skip_clean    = true
  }

  post-processor "docker-tag" {
    repository = var.repository
    tags       = ["it"]
  }
}
