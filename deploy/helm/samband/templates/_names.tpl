{{/* What tells one service's pods from all others; never changed, since a Deployment's selector cannot be. */}}
{{- define "samband.selector" -}}
app.kubernetes.io/name: samband
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .name }}
{{- end }}

{{- define "samband.everyPod" -}}
app.kubernetes.io/name: samband
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "samband.labels" -}}
{{ include "samband.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
samband.no/zone: {{ .service.zone }}
{{- end }}

{{- define "samband.fullName" -}}
{{ printf "%s-%s" .root.Release.Name .name | trunc 63 | trimSuffix "-" }}
{{- end }}
