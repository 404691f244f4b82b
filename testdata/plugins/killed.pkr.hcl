# A container, and a plugin in it that hangs.

variable "how" {
  type = string
}

source "docker" "machine" {
  image   = "base:latest"
  discard = true
  pull    = false
}

build {
  sources = ["source.docker.machine"]

  provisioner "misbehave" {
    how = var.how
  }
}
