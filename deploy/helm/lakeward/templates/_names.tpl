{{/* What names of this release begin with: a Service begins with a letter and has no dot; with a collector's name it has up to 63 characters. */}}
{{- define "lakeward.name" -}}
{{- $release := .Release.Name | replace "." "-" -}}
{{- if regexMatch "^[0-9]" $release -}}
{{- fail (printf "the release: expected a name that begins with a letter, as a Service does, found %q; helm install release%s …" .Release.Name $release) -}}
{{- end -}}
{{- $name := ternary $release (printf "%s-%s" $release .Chart.Name) (contains .Chart.Name $release) -}}
{{- regexReplaceAll "-+$" ($name | trunc 30) "" -}}
{{- end -}}

{{- define "lakeward.collector" -}}
collect-{{ .name | replace "_" "-" }}
{{- end -}}

{{/* Names of things of the cluster that values give; one that can't be is not repeated, as it may be a secret that was written where its name belongs. */}}
{{- define "lakeward.checkNames" -}}
{{- $values := .Values -}}
{{- $names := dict
  "secrets.airflow" $values.secrets.airflow "secrets.keys" $values.secrets.keys "portal.tlsSecret" $values.portal.tlsSecret
  "server.tlsSecret" $values.server.tlsSecret "storage.existingClaim" $values.storage.existingClaim
  "storage.className" $values.storage.className "serviceAccount.name" $values.serviceAccount.name -}}
{{- range $index, $name := $values.secrets.environment -}}
{{- $names = set $names (printf "secrets.environment[%d]" $index) $name -}}
{{- end -}}
{{- range $where, $name := $names -}}
{{- if not (regexMatch "^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?)?$" ($name | default "")) -}}
{{- fail (printf "%s: expected the name of a thing of the cluster: lower-case letters, digits, - and ." $where) -}}
{{- end -}}
{{- end -}}
{{- $seen := dict -}}
{{- range $collector := $values.collectors -}}
{{- $component := include "lakeward.collector" $collector -}}
{{- if hasKey $seen $component -}}
{{- fail (printf "collectors: %s and %s would be one deployment, %s; give one of them another name" (get $seen $component) $collector.name $component) -}}
{{- end -}}
{{- $seen = set $seen $component $collector.name -}}
{{- end -}}
{{- end -}}
