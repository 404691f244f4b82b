# An image is saved with its name and its layers.

variable "repository" {}

source "docker" "it" {
  image   = "base:latest"
  commit  = true
  changes = ["CMD [\"/bin/true\"]"]
}

build {
  sources = ["source.docker.it"]
  provisioner "shell" {
    inline = ["echo s > /s", "rm /etc/group", "chmod 700 /srv", "mkdir -p /new/sub", "rm -rf /home/app"]
  }
  post-processors {
    post-processor "docker-tag" {
      repository = var.repository
      tags       = ["saved"]
    }
    post-processor "docker-save" {
      path = "saved.tar"
    }
  }
}
