{{/*
The pod of one daemon: (dict "root" $ "name" "web-service" "kind" "web-service" "values" .Values.webService "variable" "WEB_SERVICE_SETTINGS"
"status" 9894 "ports" (list (dict "name" "web" "containerPort" 8088)) "state" "claim|none|NAME of a claim" "keys" true "nats" "service").
"state": `template`: a claim of the StatefulSet; `none`: on the node, as long as the pod lives; otherwise the name of a claim.
*/}}
{{- define "makai.pod" -}}
{{- $ := .root -}}
{{- $v := .values -}}
metadata:
  labels: {{ include "makai.labels" (list $ .name) | nindent 4 }}
  {{- with $v.podAnnotations }}
  annotations: {{ toYaml . | nindent 4 }}
  {{- end }}
spec:
  serviceAccountName: {{ $.Values.serviceAccountName }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  terminationGracePeriodSeconds: 45
  securityContext: {{ include "makai.podSecurity" 10001 | nindent 4 }}
  {{- with $.Values.imagePullSecrets }}
  imagePullSecrets: {{ toYaml . | nindent 4 }}
  {{- end }}
  {{- include "makai.placement" (list $ .name $v) | nindent 2 }}
  containers:
    - name: {{ .name }}
      image: {{ include "makai.image" $ }}
      imagePullPolicy: {{ $.Values.image.pullPolicy }}
      args: [{{ .kind }}]
      env:
        - name: MONGO_URI
          valueFrom:
            secretKeyRef: { name: {{ include "makai.mongodbSecret" $ }}, key: {{ $.Values.mongodb.key }} }
        {{- if and (eq .name "gateway") $v.mqtt.existingSecret }}
        - name: MQTT_USER
          valueFrom:
            secretKeyRef: { name: {{ $v.mqtt.existingSecret }}, key: user }
        {{- end }}
        - name: {{ .variable }}
          value: {{ include (printf "makai.settings.%s" .name) $ | quote }}
        {{- with $v.env }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      ports:
        {{- range .ports }}
        - { name: {{ .name }}, containerPort: {{ .port }} }
        {{- end }}
        - { name: status, containerPort: {{ .status }} }
      startupProbe: # a start may have much to do: half an hour
        httpGet: { path: /status, port: status }
        periodSeconds: 2
        timeoutSeconds: 10
        failureThreshold: 900
      livenessProbe: # as the watchdog of the units: an event loop that hangs for a minute
        httpGet: { path: /status, port: status }
        periodSeconds: 20
        timeoutSeconds: 10
        failureThreshold: 3
      readinessProbe:
        httpGet: { path: /status, port: status }
        periodSeconds: 5
        timeoutSeconds: 10
      resources: {{ toYaml $v.resources | nindent 8 }}
      securityContext: {{ include "makai.containerSecurity" $ | nindent 8 }}
      volumeMounts:
        - { name: tmp, mountPath: /tmp }
        - { name: state, mountPath: /var/lib/opq }
        {{- if .serverKey }}
        - { name: server-key, mountPath: /etc/opq/curve/private_keys, readOnly: true }
        {{- end }}
        {{- if and .boxKeys $.Values.keys.boxes.existingSecret }}
        - { name: box-keys, mountPath: /etc/opq/curve/public_keys, readOnly: true }
        {{- end }}
        {{- if .nats }}
        - { name: nats, mountPath: /etc/opq/nats, readOnly: true }
        {{- if $.Values.nats.tls.existingSecret }}
        - { name: nats-tls, mountPath: /etc/opq/nats-tls, readOnly: true }
        {{- end }}
        {{- end }}
        {{- if .tls }}
        - { name: tls, mountPath: /etc/opq/tls, readOnly: true }
        {{- end }}
        {{- if .mqtt }}
        - { name: mqtt, mountPath: /etc/opq/mqtt, readOnly: true }
        {{- end }}
        {{- with $v.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
  volumes:
    - name: tmp
      emptyDir: { medium: Memory, sizeLimit: 64Mi }
    {{- if eq .state "none" }}
    - name: state
      emptyDir: {}
    {{- else if ne .state "template" }}
    - name: state
      persistentVolumeClaim: { claimName: {{ .state }} }
    {{- end }}
    {{- if .serverKey }}
    - name: server-key
      secret:
        secretName: {{ include "makai.serverKeySecret" $ }}
        defaultMode: 0440
        items: [{ key: opqserver_secret, path: opqserver_secret }]
    {{- end }}
    {{- if and .boxKeys $.Values.keys.boxes.existingSecret }}
    - name: box-keys
      secret: { secretName: {{ $.Values.keys.boxes.existingSecret }}, defaultMode: 0444 }
    {{- end }}
    {{- if .nats }}
    - name: nats
      secret:
        secretName: {{ include "makai.natsSecret" $ }}
        defaultMode: 0440
        items: [{ key: {{ .nats }}-password, path: password }]
    {{- with $.Values.nats.tls.existingSecret }}
    - name: nats-tls
      secret:
        secretName: {{ . }}
        defaultMode: 0440
        items: [{ key: ca.crt, path: ca.crt }]
    {{- end }}
    {{- end }}
    {{- with .tls }}
    - name: tls
      secret: { secretName: {{ . }}, defaultMode: 0440 }
    {{- end }}
    {{- with .mqtt }}
    - name: mqtt
      secret:
        secretName: {{ . }}
        defaultMode: 0440
        items: [{ key: password, path: password }]
    {{- end }}
    {{- with $v.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end -}}

{{/* @param id of user and group */}}
{{- define "makai.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ . }}
runAsGroup: {{ . }}
fsGroup: {{ . }}
fsGroupChangePolicy: OnRootMismatch
seccompProfile: { type: RuntimeDefault }
{{- end -}}

{{- define "makai.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end -}}

{{/* Pods of one component are spread over the nodes where the values say nothing else: (list $ name values). */}}
{{- define "makai.placement" -}}
{{- $v := index . 2 -}}
{{- with $v.nodeSelector -}}
nodeSelector: {{ toYaml . | nindent 2 }}
{{ end -}}
{{- with $v.tolerations -}}
tolerations: {{ toYaml . | nindent 2 }}
{{ end -}}
affinity:
{{- if $v.affinity }} {{ toYaml $v.affinity | nindent 2 }}
{{- else }}
  podAntiAffinity:
    preferredDuringSchedulingIgnoredDuringExecution:
      - weight: 100
        podAffinityTerm:
          topologyKey: kubernetes.io/hostname
          labelSelector:
            matchLabels: {{ include "makai.selector" (list (index . 0) (index . 1)) | nindent 14 }}
{{- end }}
{{- end -}}
