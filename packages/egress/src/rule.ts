/** Why a request was let out: the allowlist alone, or a route as well. */
export type AllowRule = 'allowlist' | 'route';

/** Why a request was denied. */
export type DenyRule =
  /** No entry of the allowlist names the host. */
  | 'host-not-allowed'
  /** Entries name the host, but not this port. */
  | 'port-not-allowed'
  /** Routes name the host, and none of them this method and path. */
  | 'not-routed'
  /** The name leads to private, loopback, link-local or metadata addresses alone, and no entry says `private`. */
  | 'private-address'
  /** The Host header, or the TLS server name, is not the host that was asked for. */
  | 'host-mismatch'
  | 'server-name-mismatch'
  /** The entry says `sni`, and the server name is absent, or encrypted (ECH). */
  | 'server-name-missing'
  | 'server-name-encrypted'
  /** A tunnel on a port that no entry names, or to a host that is inspected, carries neither TLS nor HTTP. */
  | 'unknown-protocol'
  /** A credential would cross a network in the clear. */
  | 'credential-in-clear'
  /** Not a host, not HTTP, too large, or a message that two servers could read in two ways. */
  | 'malformed';

export type Rule = AllowRule | DenyRule;
