{{/* Name of everything in a release. */}}
{{- define "makai.name" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- (contains $name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $name)) | trunc 36 | trimSuffix "-" -}}
{{- end -}}

{{/* Of one component: (list $ "triggering-broker"). */}}
{{- define "makai.selector" -}}
app.kubernetes.io/name: {{ (first .).Chart.Name }}
app.kubernetes.io/instance: {{ (first .).Release.Name }}
app.kubernetes.io/component: {{ last . }}
{{- end -}}

{{- define "makai.labels" -}}
{{ include "makai.selector" . }}
app.kubernetes.io/part-of: makai
app.kubernetes.io/version: {{ (first .).Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ (first .).Release.Service }}
helm.sh/chart: {{ printf "%s-%s" (first .).Chart.Name (first .).Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "makai.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}

{{/* Names of Secrets: the user's own, or those of the chart. */}}
{{- define "makai.mongodbSecret" -}}
{{ .Values.mongodb.existingSecret | default (printf "%s-mongodb" (include "makai.name" .)) }}
{{- end -}}
{{- define "makai.serverKeySecret" -}}
{{ .Values.keys.server.existingSecret | default (printf "%s-server-key" (include "makai.name" .)) }}
{{- end -}}
{{- define "makai.natsSecret" -}}
{{ .Values.nats.auth.existingSecret | default (printf "%s-nats" (include "makai.name" .)) }}
{{- end -}}

{{/* Where the pod with this number of a StatefulSet is reached: (list $ "nats" 0). */}}
{{- define "makai.podHost" -}}
{{- $name := printf "%s-%s" (include "makai.name" (index . 0)) (index . 1) -}}
{{ $name }}-{{ index . 2 }}.{{ $name }}
{{- end -}}

{{/* Size of a claim. */}}
{{- define "makai.claim" -}}
accessModes: [ReadWriteOnce]
{{- with .storageClass }}
storageClassName: {{ . }}
{{- end }}
resources:
  requests:
    storage: {{ .size }}
{{- end -}}

{{/* Who may reach a port: everybody where the list is empty. */}}
{{- define "makai.from" -}}
{{- if . }}
from: {{ toYaml . | nindent 2 }}
{{- end }}
{{- end -}}
