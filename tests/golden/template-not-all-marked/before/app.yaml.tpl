{{ if .on }}
image: ghcr.io/acme/app:v1 # imagebot: ghcr.io/acme/app
{{ else }}
image: ghcr.io/acme/app:v1
{{ end }}
