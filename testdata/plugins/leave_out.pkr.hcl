# A plugin uploads a folder without some of its files.

source "files" "machine" {
  target = "machine"
}

build {
  sources = ["source.files.machine"]

  provisioner "misbehave" {
    how = "leave out"
  }

  provisioner "shell" {
    inline        = ["find there -type f | sort | tr '\\n' ' '"]
    remote_folder = "."
  }
}
