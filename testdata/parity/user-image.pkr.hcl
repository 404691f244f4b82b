# The base image's user stays the image's user; steps run as the one that is asked for.

variable "repository" {}

source "docker" "it" {
  image     = "base:app"
  commit    = true
  exec_user = "root"
}

build {
  sources = ["source.docker.it"]
  provisioner "shell" {
    inline = ["id > /who", "pwd > /where", "echo $HOME > /home-is"]
  }
  provisioner "file" {
    source      = "template.pkr.hcl"
    destination = "/home/app/template"
  }
  post-processor "docker-tag" {
    repository = var.repository
    tags       = ["it"]
  }
}
