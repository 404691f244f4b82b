// packer-plugin-files builds folders of files. See README.md.
package main

import (
	"fmt"
	"os"

	"github.com/hashicorp/packer-plugin-sdk/plugin"
	"github.com/hashicorp/packer-plugin-sdk/version"

	"cooper.test/packer-plugin-files/archive"
	"cooper.test/packer-plugin-files/folder"
	"cooper.test/packer-plugin-files/lines"
	"cooper.test/packer-plugin-files/listing"
	"cooper.test/packer-plugin-files/tree"
)

func main() {
	set := plugin.NewSet()
	set.RegisterBuilder(plugin.DEFAULT_NAME, new(folder.Builder))
	set.RegisterProvisioner("lines", new(lines.Provisioner))
	set.RegisterPostProcessor("tar", new(archive.PostProcessor))
	set.RegisterPostProcessor("list", new(listing.PostProcessor))
	set.RegisterDatasource("tree", new(tree.Datasource))
	set.SetVersion(version.NewPluginVersion("0.1.0", "", ""))
	if err := set.Run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
