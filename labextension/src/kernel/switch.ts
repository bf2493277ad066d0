import type { Kernel, KernelMessage } from '@jupyterlab/services';

/** The environment variable by which a kernel remembers its cluster. */
const VARIABLE = 'JUPYTER_EXT_CLUSTER';

/** What a kernel said to a switch. */
export interface ISwitchResult {
  ok: boolean;
  /** What the magic printed, or why it failed. */
  text: string;
  /** Name of the Python exception; empty when there was none. */
  exception: string;
}

/**
 * Ask a Python kernel which cluster it works on, without leaving a trace in it.
 *
 * @returns The name, or null if it works on none.
 */
export async function askCluster(
  kernel: Kernel.IKernelConnection
): Promise<string | null> {
  const future = kernel.requestExecute({
    code: '',
    silent: true,
    store_history: false,
    allow_stdin: false,
    stop_on_error: false,
    user_expressions: {
      cluster: `__import__('os').environ.get('${VARIABLE}') or ''`
    }
  });
  const { content } = await future.done;
  if (content.status !== 'ok') {
    return null;
  }
  const answer = content.user_expressions?.['cluster'] as
    { data?: { 'text/plain'?: string } } | undefined;
  // The representation of a Python string without anything to escape.
  return answer?.data?.['text/plain']?.slice(1, -1) || null;
}

/**
 * Run `%cluster use` in a kernel, as the user would.
 *
 * @param name - Name of an existing profile.
 */
export async function useCluster(
  kernel: Kernel.IKernelConnection,
  name: string
): Promise<ISwitchResult> {
  const future = kernel.requestExecute({
    code: [
      "get_ipython().extension_manager.load_extension('jupyter_ext')",
      `get_ipython().run_line_magic('cluster', ${JSON.stringify(`use ${name}`)})`
    ].join('\n'),
    silent: false,
    store_history: false,
    allow_stdin: false,
    stop_on_error: false
  });
  const printed: string[] = [];
  future.onIOPub = message => {
    printed.push(plainText(message));
  };
  const { content } = await future.done;
  if (content.status === 'ok') {
    return { ok: true, text: withoutColors(printed.join('')), exception: '' };
  }
  const { ename, evalue } = content as KernelMessage.IReplyErrorContent;
  return {
    ok: false,
    text: withoutColors(evalue ?? ''),
    exception: ename ?? content.status
  };
}

function plainText(message: KernelMessage.IIOPubMessage): string {
  switch (message.header.msg_type) {
    case 'stream':
      return (message as KernelMessage.IStreamMsg).content.text;
    case 'display_data':
    case 'execute_result': {
      const { data } = (message as KernelMessage.IDisplayDataMsg).content;
      const text = data['text/plain'];
      return text ? `${Array.isArray(text) ? text.join('') : text}\n` : '';
    }
    default:
      return '';
  }
}

/** Take the terminal's colour sequences (ECMA-48 SGR) out of a text. */
function withoutColors(text: string): string {
  // eslint-disable-next-line no-control-regex -- the escape character is what is looked for
  return text.replace(/\u001b\[[0-9;]*m/g, '').trim();
}
