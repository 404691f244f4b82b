# What a Packer of 2020 takes: the plugin stands beside the template.

variable "image" {
  type    = string
  default = "base:latest"
}

source "docker" "base" {
  image   = var.image
  discard = true
  pull    = false
}

build {
  sources = ["source.docker.base"]

  provisioner "shell" {
    inline = [
      "mkdir -p /var/cache/apk /usr/share/doc/busybox /opt/app/tests /opt/app/kept",
      "dd if=/dev/zero of=/var/cache/apk/package bs=1024 count=2048",
      "echo > /usr/share/doc/busybox/copyright; echo > /usr/share/doc/busybox/changelog",
    ]
  }

  provisioner "slim" {
    remove = ["package-caches", "documentation"]
    also   = ["/opt/*/tests"]
  }

  provisioner "shell" {
    inline = [
      "test ! -e /var/cache/apk/package",
      "test ! -e /usr/share/doc/busybox/changelog",
      "test -e /usr/share/doc/busybox/copyright",
      "test ! -e /opt/app/tests",
      "test -e /opt/app/kept",
    ]
  }
}
