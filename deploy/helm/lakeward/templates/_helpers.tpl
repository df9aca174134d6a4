{{- define "lakeward.labels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{/* What chooses the pods of one process: the root, and its name. */}}
{{- define "lakeward.selector" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name | quote }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "lakeward.image" -}}
{{- $repository := required "image.repository: name the image of the project (deploy/Containerfile.project)" .Values.image.repository -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" $repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" $repository (required "image.tag: name the tag of the image, or its digest" .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{/* Where tables lie; an address that is refused is not repeated, as it may hold a password. */}}
{{- define "lakeward.lake" -}}
{{- if and .Values.lake.url (not (regexMatch "^(s3|az)://[^/:@]+(/[^:@]+)?$" .Values.lake.url)) -}}
{{- fail "lake.url: expected s3://bucket/prefix or az://container/prefix; credentials belong into a Secret (secrets.environment)" -}}
{{- end -}}
{{- .Values.lake.url | default "/srv/lakeward/lake" -}}
{{- end -}}

{{- define "lakeward.serviceAccount" -}}
{{- .Values.serviceAccount.name | default (include "lakeward.name" .) -}}
{{- end -}}

{{- define "lakeward.claim" -}}
{{- .Values.storage.existingClaim | default (include "lakeward.name" .) -}}
{{- end -}}

{{/* Who a pod runs as: the user of the image. A volume whose root has this group already is left as it is, so files of mode 0600 stay so. */}}
{{- define "lakeward.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "lakeward.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{/* Variables of Lakeward. */}}
{{- define "lakeward.environment" -}}
- name: LAKEWARD_PROJECT
  value: {{ .Values.project | quote }}
- name: LAKEWARD_LAKE
  value: {{ include "lakeward.lake" . | quote }}
- name: LAKEWARD_ACCOUNTS
  value: {{ printf "%s/.lakeward/accounts.jsonl" .Values.project | quote }}
{{- range $file := .Values.secrets.keyFiles }}
- name: {{ get (dict "token.key" "LAKEWARD_TOKEN_KEY_FILE" "wrapping.key" "LAKEWARD_WRAPPING_KEY_FILE" "seal.key" "LAKEWARD_SEAL_KEY_FILE") $file }}
  value: {{ printf "/srv/lakeward/private/keys/%s" $file | quote }}
{{- end }}
{{- include "lakeward.plain" (dict "where" "environment" "variables" .Values.environment "secret" "secrets.environment") }}
{{- end -}}

{{/* Settings and secrets of Airflow. */}}
{{- define "lakeward.airflowEnvironment" -}}
- name: AIRFLOW__CORE__EXECUTION_API_SERVER_URL
  value: {{ printf "http://%s-api-server:8080/execution/" (include "lakeward.name" .) | quote }}
{{- if not (hasKey .Values.airflow.settings "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST") }}
- name: AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST
  value: {{ list (dict "name" "lakeward" "classpath" "airflow.dag_processing.bundles.local.LocalDagBundle" "kwargs" (dict "path" (printf "%s/dags" .Values.project))) | toJson | quote }}
{{- end }}
- name: AIRFLOW__SCHEDULER__ENABLE_HEALTH_CHECK
  value: "True"
- name: LAKEWARD_AIRFLOW_SERVICES
  value: "1"
{{- with .Values.airflow.approvers }}
- name: LAKEWARD_APPROVERS
  value: {{ . | quote }}
{{- end }}
{{- include "lakeward.plain" (dict "where" "airflow.settings" "variables" .Values.airflow.settings "secret" "secrets.airflow") }}
{{- $secret := required "secrets.airflow: name the Secret with the database and the three secrets of Airflow" .Values.secrets.airflow }}
{{- range $name := list "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN" "AIRFLOW__CORE__FERNET_KEY" "AIRFLOW__API__SECRET_KEY" "AIRFLOW__API_AUTH__JWT_SECRET" }}
- name: {{ $name }}
  valueFrom:
    secretKeyRef:
      name: {{ $secret }}
      key: {{ $name }}
{{- end }}
{{- end -}}

{{/*
One pod of a process. Of the dictionary: root; component; command; resources; and what it may have: airflow (settings of Airflow), rows (it reads or
writes rows: lake, keys, connections), tls (a Secret), landings (folder of the claim for what a collector has landed), ports, probes.
*/}}
{{- define "lakeward.pod" -}}
{{- $root := .root }}
{{- $values := $root.Values }}
{{- $files := list }}
{{- if and .rows $values.secrets.keyFiles }}
{{- $files = append $files (dict "volume" "keys" "secret" (required "secrets.keys: name the Secret that holds the files of secrets.keyFiles" $values.secrets.keys) "keys" $values.secrets.keyFiles) }}
{{- end }}
{{- with .tls }}
{{- $files = append $files (dict "volume" "tls" "secret" . "keys" (list "tls.crt" "tls.key")) }}
{{- end }}
metadata:
  labels:
    {{- include "lakeward.labels" $root | nindent 4 }}
    app.kubernetes.io/component: {{ .component }}
spec:
  serviceAccountName: {{ include "lakeward.serviceAccount" $root | quote }}
  automountServiceAccountToken: false
  # Else the cluster gives every pod variables of its services, such as LAKEWARD_PORTAL_SERVICE_HOST, which Lakeward refuses as settings it does not know.
  enableServiceLinks: false
  terminationGracePeriodSeconds: 60
  securityContext:
    {{- include "lakeward.podSecurity" $root | nindent 4 }}
  {{- with $values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  initContainers:
    # Folders of the claim that are their owner's alone, as the register of accounts wants, before the kubelet makes them for root. And a Secret's
    # files are readable by the group: keys are copied into memory, for their owner alone. It may run again in one pod, and replaces what it has made.
    - name: prepare
      image: {{ include "lakeward.image" $root | quote }}
      imagePullPolicy: {{ $values.image.pullPolicy }}
      securityContext:
        {{- include "lakeward.containerSecurity" $root | nindent 8 }}
      resources:
        requests: {cpu: 50m, memory: 32Mi}
        limits: {memory: 128Mi}
      command:
        - sh
        - -ec
        - |
          umask 077
          cd /srv/lakeward/claim
          mkdir -p state/lakes state/portal logs lake landings scorecard /srv/lakeward/private/keys
          {{- with .landings }}
          mkdir -p {{ . }}
          {{- end }}
          {{- range $files }}
          {{- $volume := .volume }}
          {{- range .keys }}
          install -m 0600 {{ printf "/srv/lakeward/given/%s/%s" $volume . }} {{ printf "/srv/lakeward/private/keys/%s" . }}
          {{- end }}
          {{- end }}
      volumeMounts:
        - {name: claim, mountPath: /srv/lakeward/claim}
        - {name: private, mountPath: /srv/lakeward/private}
        {{- range $files }}
        - {name: {{ .volume }}, mountPath: /srv/lakeward/given/{{ .volume }}, readOnly: true}
        {{- end }}
  containers:
    - name: {{ .component }}
      image: {{ include "lakeward.image" $root | quote }}
      imagePullPolicy: {{ $values.image.pullPolicy }}
      command: {{ toJson .command }}
      securityContext:
        {{- include "lakeward.containerSecurity" $root | nindent 8 }}
      env:
        {{- include "lakeward.environment" $root | nindent 8 }}
        {{- if .airflow }}
        {{- include "lakeward.airflowEnvironment" $root | nindent 8 }}
        {{- end }}
      {{- with concat (ternary (list $values.secrets.airflow) (list) (default false .airflow)) (ternary $values.secrets.environment (list) .rows) }}
      envFrom:
        {{- range $name := . }}
        - secretRef: {name: {{ $name | quote }}}
        {{- end }}
      {{- end }}
      {{- with .ports }}
      ports:
        {{- range $name, $port := . }}
        - {name: {{ $name }}, containerPort: {{ $port }}, protocol: TCP}
        {{- end }}
      {{- end }}
      {{- with .probes }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
      resources:
        {{- toYaml .resources | nindent 8 }}
      volumeMounts:
        - {name: scratch, mountPath: /tmp}
        - {name: home, mountPath: /srv/lakeward/airflow}
        - {name: claim, mountPath: /srv/lakeward/airflow/logs, subPath: logs}
        - {name: claim, mountPath: {{ printf "%s/.lakeward" $values.project | quote }}, subPath: state}
        {{- if .rows }}
        - {name: claim, mountPath: {{ printf "%s/scorecard" $values.project | quote }}, subPath: scorecard}
        {{- end }}
        {{- if and .rows (not $values.lake.url) }}
        - {name: claim, mountPath: /srv/lakeward/lake, subPath: lake}
        {{- end }}
        {{- if .landings }}
        - {name: claim, mountPath: {{ printf "%s/.lakeward/lakes" $values.project | quote }}, subPath: {{ .landings }}}
        {{- else }}
        - {name: work, mountPath: {{ printf "%s/.lakeward/lakes" $values.project | quote }}}
        {{- end }}
        - {name: pages, mountPath: {{ printf "%s/.lakeward/portal" $values.project | quote }}}
        - {name: private, mountPath: /srv/lakeward/private, readOnly: true}
        {{- if .rows }}
        {{- with $values.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
        {{- end }}
  volumes:
    - name: claim
      persistentVolumeClaim:
        claimName: {{ include "lakeward.claim" $root | quote }}
    - name: private
      emptyDir: {medium: Memory, sizeLimit: 1Mi}
    {{- range $name := ternary (list "scratch" "home" "pages") (list "scratch" "home" "pages" "work") (not (empty .landings)) }}
    - name: {{ $name }}
      emptyDir: {}
    {{- end }}
    {{- range $files }}
    - name: {{ .volume }}
      secret:
        secretName: {{ .secret | quote }}
        defaultMode: 0440
    {{- end }}
    {{- if .rows }}
    {{- with $values.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
    {{- end }}
  {{- with $values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

{{/* One deployment; arguments as of `lakeward.pod`, and replicas. The old pod ends first: two portals or collectors of one project refuse each other. */}}
{{- define "lakeward.deployment" -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ printf "%s-%s" (include "lakeward.name" .root) .component | quote }}
  labels:
    {{- include "lakeward.labels" .root | nindent 4 }}
    app.kubernetes.io/component: {{ .component }}
spec:
  replicas: {{ .replicas | default 1 }}
  strategy:
    type: Recreate
  selector:
    matchLabels:
      {{- include "lakeward.selector" . | nindent 6 }}
  template:
    {{- include "lakeward.pod" . | trim | nindent 4 }}
{{- end -}}

{{/* One service in the cluster: root, component, port. */}}
{{- define "lakeward.service" -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ printf "%s-%s" (include "lakeward.name" .root) .component | quote }}
  labels:
    {{- include "lakeward.labels" .root | nindent 4 }}
    app.kubernetes.io/component: {{ .component }}
spec:
  type: ClusterIP
  selector:
    {{- include "lakeward.selector" . | nindent 4 }}
  ports:
    - {name: main, port: {{ .port }}, targetPort: main, protocol: TCP}
{{- end -}}
