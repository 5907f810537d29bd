// What npm's semver lets in: versions and ranges as JSON on standard input, one list for each range (null where it
// cannot read the range) on standard output.
const semver = require("semver");
const { versions, ranges } = JSON.parse(require("fs").readFileSync(0, "utf8"));
const answers = ranges.map((text) =>
  semver.validRange(text) === null ? null : versions.filter((version) => semver.satisfies(version, text)),
);
console.log(JSON.stringify(answers));
