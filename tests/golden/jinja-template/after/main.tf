module "app" {
  image_tag = "v2@sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb" # imagebot: ghcr.io/acme/app
  other_tag = "v1"
}
