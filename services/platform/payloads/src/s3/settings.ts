/** Where payloads lie and who we are there, as plain data. Secrets stand as references. */
export interface S3Settings {
  /** Base URL of the object store, such as `https://s3.example.no`; left out: AWS's own for the region. */
  readonly endpoint?: string
  /** Also where the store knows no regions: it is part of the signature. */
  readonly region: string
  readonly bucket: string
  /** The bucket in the path and not in the host name: what most stores beside AWS need. */
  readonly forcePathStyle: boolean
  /** Ahead of every key, so that a bucket may hold more; empty, or ends in `/`. */
  readonly prefix: string
  /** Reference of the access key's id, such as `env:SAMBAND_S3_KEY`. */
  readonly accessKey: string
  /** Reference of its secret. */
  readonly secretKey: string
  /** PEM file with the certificate authorities to trust in place of the usual ones. */
  readonly caFile?: string
}

/** Where secrets are fetched; asked ahead of every request, so that a rotated secret is taken up. */
export interface S3Secrets {
  /** The secret behind `env:NAME` or `file:/path`; `undefined` when there is none. */
  resolve(reference: string): Promise<string | undefined>
}
