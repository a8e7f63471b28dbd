/** An answer of the hub to somebody who sends a letter. */
export interface SendAnswer {
  readonly status: number
  readonly text: string
}

/** Somebody who calls the API of a hub, with tokens fetched when they are needed. */
export class HubClient {
  readonly #basic: string
  #token: { readonly hub: string; readonly text: string; readonly untilMs: number } | undefined

  constructor(klientId: string, secret: string) {
    this.#basic = `Basic ${Buffer.from(`${klientId}:${secret}`).toString('base64')}`
  }

  /** Sends one request with a letter. Rejects when there is no answer. */
  async send(
    hub: string,
    form: { readonly contentType: string; readonly body: Buffer<ArrayBuffer> },
    signal: AbortSignal,
  ): Promise<SendAnswer> {
    const authorization = await this.#bearer(hub, signal)
    const answer = await fetch(`${hub}/api/v1/forsendelser`, {
      method: 'POST',
      headers: { authorization, 'content-type': form.contentType },
      body: form.body,
      signal,
    })
    return { status: answer.status, text: await answer.text() }
  }

  /** Reads something; rejects for anything but a 2xx. */
  async get<Body>(hub: string, path: string, signal: AbortSignal): Promise<Body> {
    const answer = await fetch(`${hub}${path}`, { headers: { authorization: await this.#bearer(hub, signal) }, signal })
    if (!answer.ok) throw new Error(`GET ${path}: ${answer.status} ${await answer.text()}`)
    return (await answer.json()) as Body
  }

  /** Changes something in the name of a person; rejects for anything but a 2xx. */
  async post<Body>(hub: string, path: string, body: object, signal: AbortSignal): Promise<Body> {
    const answer = await fetch(`${hub}${path}`, {
      method: 'POST',
      headers: {
        authorization: await this.#bearer(hub, signal),
        'content-type': 'application/json',
        operator: 'Driftsvakt',
      },
      body: JSON.stringify(body),
      signal,
    })
    if (!answer.ok) throw new Error(`POST ${path}: ${answer.status} ${await answer.text()}`)
    return (await answer.json()) as Body
  }

  async #bearer(hub: string, signal: AbortSignal): Promise<string> {
    if (this.#token === undefined || this.#token.untilMs < Date.now()) {
      const answer = await fetch(`${hub}/oauth/token`, {
        method: 'POST',
        headers: { authorization: this.#basic, 'content-type': 'application/x-www-form-urlencoded' },
        body: 'grant_type=client_credentials',
        signal,
      })
      if (!answer.ok) throw new Error(`no token: ${answer.status} ${await answer.text()}`)
      const { access_token, expires_in } = (await answer.json()) as { access_token: string; expires_in: number }
      this.#token = { hub, text: access_token, untilMs: Date.now() + (expires_in * 1000) / 2 }
    }
    return `Bearer ${this.#token.text}`
  }
}
