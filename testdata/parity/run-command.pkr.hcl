# `run_command` in several spellings leaves its mark on the image as `docker run` does.

variable "repository" {}

source "docker" "joined" {
  image       = "base:latest"
  commit      = true
  run_command = ["-dit", "-u=root", "-e", "A=1", "--env=B=2", "--label", "l=v", "-w", "/var", "--entrypoint=/bin/sh", "--", "{{.Image}}"]
}

source "docker" "command" {
  image       = "base:configured"
  commit      = true
  run_command = ["-d", "--entrypoint", "/bin/sleep", "--network=none", "-p", "127.0.0.1::9999", "{{ .Image }}", "1000"]
}

source "docker" "limits" {
  image       = "base:latest"
  commit      = true
  run_command = ["--detach", "--tty", "--interactive", "--memory=256m", "--shm-size", "32m", "--add-host", "other:10.0.0.1", "--dns=10.0.0.2", "--ulimit=nofile=100:200", "--init", "--expose", "77", "--stop-signal=SIGINT", "--domainname", "example.org", "--sysctl", "net.ipv4.ip_forward=1", "{{.Image}}", "/bin/sh"]
}

build {
  sources = ["source.docker.joined"]
  provisioner "shell" {
    inline = ["echo \"$A $B $(pwd)\" > /got"]
  }
  post-processor "docker-tag" {
    repository = var.repository
    tags       = ["joined"]
  }
}

build {
  sources = ["source.docker.command"]
  provisioner "shell" {
    inline = ["ls /sys/class/net > /nets", "tr '\\0' ' ' < /proc/1/cmdline > /first"]
  }
  post-processor "docker-tag" {
    repository = var.repository
    tags       = ["command"]
  }
}

build {
  sources = ["source.docker.limits"]
  provisioner "shell" {
    inline = ["df -k /dev/shm | awk 'NR==2{print $2}' > /shm", "grep open /proc/1/limits > /files", "grep other /etc/hosts > /other", "cat /proc/sys/net/ipv4/ip_forward > /forward"]
  }
  post-processor "docker-tag" {
    repository = var.repository
    tags       = ["limits"]
  }
}
