import { ServerConnection } from '@jupyterlab/services';
import { nullTranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';

import type { Card, ErrorReply, Identity } from '../../api';
import { card, identity } from '../../status/__tests__/cards';
import type { IStatusModel } from '../../status/tokens';
import { CredentialService } from '../service';

export const trans = nullTranslator.load('jupyter_ext');

/** Alice on the cluster that the tests log in to, who has an hour. */
export function alice(values: Partial<Identity> = {}): Identity {
  const now = Date.now() / 1000;
  return identity('prod', {
    since: now,
    expires_at: now + 3600,
    renew_until: now + 12 * 3600,
    ...values
  });
}

/** Nobody on that cluster. */
export function nobody(values: Partial<Identity> = {}): Identity {
  return identity('prod', {
    state: 'none',
    principal: '',
    since: null,
    expires_at: null,
    renew_until: null,
    ...values
  });
}

/** What the server tells of the clusters, as the test says. */
export class FakeStatus {
  readonly boardChanged = new Signal<this, void>(this);
  readonly identityChanged = new Signal<this, Identity>(this);
  cards: Card[] = [];

  card(name: string): Card | undefined {
    return this.cards.find(({ profile }) => profile.name === name);
  }

  /** The whole picture: one cluster for each identity, and one that wants no login. */
  board(...identities: Identity[]): void {
    this.cards = [
      card('dev'),
      ...identities.map(known => ({
        ...card(
          known.cluster,
          {},
          { title: known.cluster.toUpperCase(), auth: 'kerberos' }
        ),
        identity: known
      }))
    ];
    this.boardChanged.emit();
  }

  tell(known: Identity): void {
    this.identityChanged.emit(known);
  }

  get model(): IStatusModel {
    return this as unknown as IStatusModel;
  }
}

/** One request as the server got it. */
export interface IAsked {
  method: string;
  path: string;
  body: Record<string, string> | null;
  signal: AbortSignal;
}

/** The server's refusal. */
export function refusal(
  code: string,
  message: string,
  hint = ''
): Partial<ErrorReply> {
  return { code, message, hint };
}

/** A server of logins that answers as told, in order; a promise is waited for. */
export function server(...answers: unknown[]) {
  const asked: IAsked[] = [];
  const fetch = async (input: RequestInfo | URL): Promise<Response> => {
    const request = input as Request;
    const text = await request.text();
    asked.push({
      method: request.method,
      path: new URL(request.url).pathname.replace(/^.*jupyter-ext\//, ''),
      body: text ? JSON.parse(text) : null,
      signal: request.signal
    });
    const answer = await answers.shift();
    return answer === undefined
      ? new Response(null, { status: 204 })
      : new Response(JSON.stringify(answer), {
          status: (answer as { code?: string }).code ? 403 : 200
        });
  };
  const service = new CredentialService(
    ServerConnection.makeSettings({ fetch: fetch as typeof window.fetch })
  );
  return { service, asked };
}
