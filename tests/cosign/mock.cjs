// A certificate as Sigstore's own mock of Fulcio makes it, with the timestamp of its mock of a certificate log, and what
// its key signs. Told {identity, issuer, signed (base64)}; tells all of it in base64.
const crypto = require("crypto");
const { initializeCA, initializeCTLog } = require("@sigstore/mock");

const pair = () => crypto.generateKeyPairSync("ec", { namedCurve: "prime256v1" });
const shape = (key) => key.export({ type: "spki", format: "der" });
const text = (bytes) => Buffer.from(bytes).toString("base64");

async function main() {
  const asked = JSON.parse(require("fs").readFileSync(0, "utf8"));
  const [authority, log, signer] = [pair(), pair(), pair()];
  const clock = new Date(Date.now() + 1000); // its authority is made out now, whatever it is told
  const ca = await initializeCA(authority, await initializeCTLog(log, clock), clock);
  const certificate = await ca.issueCertificate({
    publicKey: shape(signer.publicKey),
    subjectAltName: asked.identity,
    extensions: [{ oid: "1.3.6.1.4.1.57264.1.8", value: asked.issuer }],
  });
  const signature = crypto.sign("sha256", Buffer.from(asked.signed, "base64"), signer.privateKey);
  const told = { certificate, authority: ca.rootCertificate, log: shape(log.publicKey), signature };
  process.stdout.write(JSON.stringify(Object.fromEntries(Object.entries(told).map(([key, one]) => [key, text(one)]))));
}

main();
