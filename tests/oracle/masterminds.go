// What Masterminds/semver lets in: versions and ranges as JSON on standard input, one list for each range (null where
// it cannot read the range) on standard output.
package main

import (
	"encoding/json"
	"os"

	"github.com/Masterminds/semver/v3"
)

func main() {
	var asked struct{ Versions, Ranges []string }
	if err := json.NewDecoder(os.Stdin).Decode(&asked); err != nil {
		panic(err)
	}
	answers := make([][]string, len(asked.Ranges))
	for at, text := range asked.Ranges {
		wanted, err := semver.NewConstraint(text)
		if err != nil {
			continue
		}
		answers[at] = []string{}
		for _, version := range asked.Versions {
			if wanted.Check(semver.MustParse(version)) {
				answers[at] = append(answers[at], version)
			}
		}
	}
	if err := json.NewEncoder(os.Stdout).Encode(answers); err != nil {
		panic(err)
	}
}
