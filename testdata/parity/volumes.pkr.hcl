# Mounts leave their mount points in the image and nothing of their content.
# prepare: mkdir -p shared; echo from outside > shared/file; chmod 755 shared

variable "repository" {}

source "docker" "it" {
  image  = "base:latest"
  commit = true
  volumes = {
    "${path.cwd}/shared" = "/mnt/shared"
  }
  tmpfs = ["/scratch", "/run/small:size=1m,mode=700"]
}

source "docker" "capabilities" {
  image    = "base:latest"
  commit   = true
  cap_add  = ["SYS_PTRACE"]
  cap_drop = ["CHOWN"]
  device   = ["/dev/null:/dev/other-null"]
}

build {
  sources = ["source.docker.it"]
  provisioner "shell" {
    inline = ["cp /mnt/shared/file /copied", "echo gone > /scratch/gone", "echo back > /mnt/shared/back", "df -k /run/small | awk 'NR==2{print $2}' > /size"]
  }
  post-processor "docker-tag" {
    repository = var.repository
    tags       = ["it"]
  }
}

build {
  sources = ["source.docker.capabilities"]
  provisioner "shell" {
    inline = ["grep -i cap /proc/1/status > /capabilities", "ls /dev/other-null > /device"]
  }
  post-processor "docker-tag" {
    repository = var.repository
    tags       = ["capabilities"]
  }
}
