/** What a NATS user may do with one binding, as subjects with wildcards; reply inboxes come on top. */
export interface BindingPermissions {
  readonly publish: readonly string[];
}
