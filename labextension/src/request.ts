import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

import type { ErrorReply } from './api';

/** The namespace of every address of the server extension. */
const NAMESPACE = 'jupyter-ext';

/** The server answered, and the answer is a refusal. */
export class ResponseError extends Error {
  constructor(
    readonly status: number,
    readonly reply: ErrorReply
  ) {
    super(reply.message);
    this.name = 'ResponseError';
  }
}

/** There was no answer. */
export class NetworkError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'NetworkError';
  }
}

/**
 * Ask the server extension.
 *
 * @param path - Address below `jupyter-ext/`, each part already encoded.
 * @param init - Method and body; the body is sent as JSON.
 * @throws ResponseError if the server refuses, NetworkError if it does not answer.
 */
export async function request<T>(
  path: string,
  init: { method?: string; body?: unknown; signal?: AbortSignal } = {},
  settings = ServerConnection.makeSettings()
): Promise<T> {
  const url = URLExt.join(settings.baseUrl, NAMESPACE, path);
  let response: Response;
  try {
    response = await ServerConnection.makeRequest(
      url,
      {
        method: init.method ?? 'GET',
        signal: init.signal,
        ...(init.body === undefined ? {} : { body: JSON.stringify(init.body) })
      },
      settings
    );
  } catch (error) {
    if (init.signal?.aborted) {
      throw error;
    }
    throw new NetworkError(
      String(error instanceof Error ? error.message : error)
    );
  }
  const text = await response.text();
  if (!response.ok) {
    throw new ResponseError(response.status, parseError(response, text));
  }
  return (text ? JSON.parse(text) : undefined) as T;
}

/** Address of the status websocket. */
export function streamUrl(settings: ServerConnection.ISettings): string {
  const url = URLExt.join(settings.wsUrl, NAMESPACE, 'status', 'stream');
  return settings.token && settings.appendToken
    ? `${url}?token=${encodeURIComponent(settings.token)}`
    : url;
}

/** What went wrong, in words for a person. */
export function describeError(error: unknown): string {
  if (error instanceof ResponseError) {
    const { message, hint } = error.reply;
    return hint ? `${message} ${hint}` : message;
  }
  return error instanceof Error ? error.message : String(error);
}

function parseError(response: Response, text: string): ErrorReply {
  try {
    const reply = JSON.parse(text) as Partial<ErrorReply>;
    if (typeof reply.message === 'string') {
      return {
        code: reply.code ?? 'http',
        message: reply.message || response.statusText,
        hint: reply.hint ?? '',
        cluster: reply.cluster ?? null,
        error_id: reply.error_id ?? ''
      };
    }
  } catch {
    // Not ours: a proxy's page, or the server's own 404.
  }
  return {
    code: 'http',
    message: `${response.status} ${response.statusText}`,
    hint: '',
    cluster: null,
    error_id: ''
  };
}
