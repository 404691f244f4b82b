packer {
  required_plugins {
    docker = {
      version = "~> 1.1.2"
      source  = "github.com/hashicorp/docker"
    }
  }
}
source "docker" "python-app" {
  image  = "python:alpine"
  commit = true
  changes = [
    "WORKDIR /usr/src/app",
    "ONBUILD RUN pip install --no-cache-dir -r requirements.txt",
    "ENTRYPOINT [\"python\", \"./app.py\"]"
  ]
}
build {
  name    = "python-app-build"
  sources = ["source.docker.python-app"]
  provisioner "shell" { inline = ["mkdir /usr/src/app"] }
  provisioner "file" {
    source      = "app.py"
    destination = "/usr/src/app/app.py"
  }
  provisioner "file" {
    source      = "requirements.txt"
    destination = "/usr/src/app/requirements.txt"
  }
  post-processors {
    post-processor "docker-tag" {
      repository = "registry.example/team1/python-app"
      tags       = ["v1"]
    }
    post-processor "docker-push" {}
  }
}
