module "app" {
  image_tag = "v1" # imagebot: ghcr.io/acme/app
  other_tag = "v1"
}
