/** Notifications: recipients, channels, a queue on disk, reports on a schedule. */
export { send } from './channels/send.js';
export { messageOf } from './message.js';
export { type Notification, type NotificationDocument, notificationDocument } from './notification.js';
export { readNotifyFile } from './read.js';
export { type Notifier, type NotifyOptions, startNotify } from './start.js';
