{{ if .on }}
image: ghcr.io/acme/web:v1
{{ end }}
