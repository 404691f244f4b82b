# What a machine has is as it should be; one thing is not, if `mode` is not 0640.

variable "mode" {
  type    = string
  default = "0640"
}

source "docker" "base" {
  image   = "base:latest"
  discard = true
  pull    = false
}

build {
  sources = ["source.docker.base"]

  provisioner "shell" {
    inline = [
      "echo 'web:x:7:7::/srv:/bin/sh' >> /etc/passwd; echo 'web:x:7:' >> /etc/group",
      "printf 'port = 80\\nname = app\\n' > /etc/app.conf",
      "chown web:web /etc/app.conf && chmod 640 /etc/app.conf",
      "(sleep 2; exec httpd -f -p 8080) > /dev/null 2>&1 &",
      "echo 'echo \"installed 1.2-3\"' > /bin/dpkg-query; chmod 755 /bin/dpkg-query",
    ]
  }

  provisioner "goss" {
    retries  = 20
    interval = "500ms"
    junit    = "reports/${source.name}.xml"

    file {
      path     = "/etc/app.conf"
      type     = "file"
      mode     = var.mode
      owner    = "web"
      contains = ["port = 80", "/^name/", "!secret"]
      sha256   = "${sha256("port = 80\nname = app\n")}"
    }

    file {
      path   = "/etc/shadow.bak"
      exists = false
    }

    command {
      run    = "hostname; echo done >&2"
      stdout = ["/^${substr(build.ID, 0, 12)}/"]
      stderr = ["done"]
    }

    package {
      name    = "app"
      version = "/^1\\.2/"
    }

    user {
      name   = "web"
      uid    = 7
      groups = ["web"]
    }

    group {
      name = "web"
    }

    port {
      number = 8080
    }
  }
}
