# `execute_command` says how a script is run, and with what in front of it.

variable "repository" {}

source "docker" "it" {
  image  = "base:latest"
  commit = true
}

build {
  sources = ["source.docker.it"]

  provisioner "shell" {
    execute_command  = "chmod 700 {{.Path}}; env {{.Vars}} /bin/sh -x {{.Path}} given"
    environment_vars = ["A=1", "B=two words"]
    inline           = ["echo \"$A $B $1\" > /given"]
  }
  provisioner "shell" {
    execute_command = "/bin/cp {{.Path}} /copied; {{.Vars}} sh {{.Path}}"
    inline          = ["echo 'in' > /in"]
  }
  provisioner "shell" {
    use_env_var_file = true
    environment_vars = ["FROM=file", "SPACED=two words"]
    inline           = ["echo \"$FROM $SPACED\" > /from-file"]
  }
  provisioner "shell" {
    expect_disconnect   = true
    start_retry_timeout = "1m"
    inline              = ["echo end > /end"]
  }

  post-processor "docker-tag" {
    repository = var.repository
    tags       = ["it"]
  }
}
