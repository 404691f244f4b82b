# A container's file system becomes an archive.

variable "repository" {}

source "docker" "it" {
  image       = "base:latest"
  export_path = "out/made/it.tar"
}

build {
  sources = ["source.docker.it"]
  provisioner "shell" {
    inline = [
      "echo x > /x", "chown 5:6 /x", "chmod 4711 /x", "ln -s x /s", "ln /x /h", "mkfifo /p",
      "mknod /n c 1 3", "rm /etc/group", "mkdir -m 2770 /d",
    ]
  }
}
