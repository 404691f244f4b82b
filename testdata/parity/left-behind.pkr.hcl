# A process that a step leaves behind runs on, and what it wrote is in the image.

variable "repository" {}

source "docker" "it" {
  image  = "base:latest"
  commit = true
}

build {
  sources = ["source.docker.it"]
  provisioner "shell" {
    inline = ["(echo started > /started; exec sleep 300) > /dev/null 2>&1 < /dev/null &", "sleep 1"]
  }
  provisioner "shell" {
    inline = ["pidof sleep > /dev/null && echo still there > /still", "kill $(pidof sleep)"]
  }
  post-processor "docker-tag" {
    repository = var.repository
    tags       = ["it"]
  }
}
