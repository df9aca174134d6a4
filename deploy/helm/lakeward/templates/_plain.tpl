{{/*
Variables that are written in values: a root, the value they are in, and the Secret that takes what must not be there. A name that holds a secret, or a
value with a password in an address, is refused, and not repeated.
*/}}
{{- define "lakeward.plain" -}}
{{- $ends := "CONN|CONN_ASYNC|CONNECTION_STRING|CREDENTIALS?|DSN|ENGINE_ARGS|KEY|KEY_ID|KWARGS|PASS|PASSPHRASE|PASSWD|PASSWORD|PRIVATE_KEY|PWD|SECRETS?|TOKENS?" }}
{{- $secret := printf "(?i)(^(LAKEWARD|AIRFLOW)_(CONN|SECRET)_|_?(%s)$)" $ends }}
{{- range $name, $value := .variables }}
{{- if not (regexMatch "^[A-Za-z_][A-Za-z0-9_]*$" $name) }}
{{- fail (printf "%s: %q is not the name of a variable; expected letters, digits and _" $.where $name) }}
{{- end }}
{{- if or (regexMatch $secret $name) (regexMatch "://[^/@ ]*:[^/@ ]+@" $value) }}
{{- fail (printf "%s.%s: holds a secret, which would stand in the release for everyone who reads it; give it in a Secret whose key is %s, and name that in %s" $.where $name $name $.secret) }}
{{- end }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end -}}
