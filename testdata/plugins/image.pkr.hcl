# Built-in provisioners, one in Go, one in Python and one in Rust, in turn; then a post-processor in Go.

data "files-tree" "inputs" {
  path    = path.root
  include = ["*.pkr.hcl"]
}

source "docker" "base" {
  image       = "base:latest"
  export_path = "image.tar"
  pull        = false
}

build {
  sources = ["source.docker.base"]

  provisioner "shell" {
    inline = [
      "mkdir -p /var/cache/apk /opt/app/tests",
      "dd if=/dev/zero of=/var/cache/apk/package bs=1024 count=2048",
      "printf '# port = 80\\nname=app\\n' > /etc/app.conf; chmod 640 /etc/app.conf",
    ]
  }

  provisioner "files-lines" {
    path      = "/etc/app.conf"
    separator = " = "
    settings  = { port = 8080 }
    present   = ["image=${build.ID}", "inputs=${data.files-tree.inputs.count}"]

    replace {
      pattern = "^name=(.*)$"
      with    = "name=the-$1"
    }
  }

  provisioner "slim" {
    remove = ["package-caches"]
    also   = ["/opt/*/tests"]
  }

  provisioner "goss" {
    file {
      path     = "/etc/app.conf"
      mode     = "0640"
      contains = ["port = 8080", "/^name=the-app$/"]
    }

    file {
      path   = "/opt/app/tests"
      exists = false
    }
  }

  provisioner "shell" {
    inline = [
      "set -x; cat /etc/app.conf",
      "grep -qx 'port = 8080' /etc/app.conf && grep -qx 'name=the-app' /etc/app.conf",
      "grep -qx \"image=$(hostname).*\" /etc/app.conf && grep -qx inputs=1 /etc/app.conf",
      "test \"$(stat -c %a /etc/app.conf)\" = 640",
      "test ! -e /var/cache/apk/package && test ! -e /opt/app/tests",
    ]
  }

  post-processor "files-list" {
    sums = "SUMS"
  }
}
