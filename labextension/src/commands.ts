import type { TranslationBundle } from '@jupyterlab/translation';

/** Ids of every command; each takes `{cluster}` where it concerns one cluster. */
export namespace CommandIDs {
  /** Show the side panel. */
  export const show = 'jupyter-ext:show-clusters';
  /** Open a cluster's detail view. */
  export const details = 'jupyter-ext:open-details';
  /** Poll everything now. */
  export const refresh = 'jupyter-ext:refresh';
  /** Open the dialog that adds a cluster. */
  export const add = 'jupyter-ext:add-cluster';
  /** Open the form of a profile. */
  export const edit = 'jupyter-ext:edit-cluster';
  /** Remove a profile. */
  export const remove = 'jupyter-ext:remove-cluster';
  /** Run the checks of a cluster. */
  export const doctor = 'jupyter-ext:run-doctor';
  /** Start the sandbox. */
  export const sandboxStart = 'jupyter-ext:start-sandbox';
  /** Stop the sandbox. */
  export const sandboxStop = 'jupyter-ext:stop-sandbox';
  /** Switch the current notebook's kernel to a cluster. */
  export const use = 'jupyter-ext:use-cluster';
  /** Ask for the password of a cluster; takes `{user}`, too. */
  export const login = 'jupyter-ext:log-in';
  /** Log out of a cluster. */
  export const logout = 'jupyter-ext:log-out';
  /** Log out of every cluster. */
  export const logoutAll = 'jupyter-ext:log-out-everywhere';
  /** Put the end of a login off. */
  export const renewLogin = 'jupyter-ext:renew-login';
  /** Show who the user is on a cluster. */
  export const whoAmI = 'jupyter-ext:who-am-i';
  /** Show the side panel of remote kernels. */
  export const kernels = 'jupyter-ext:show-kernels';
  /** Look for remote kernels, those without a server included. */
  export const findKernels = 'jupyter-ext:find-kernels';
  /** Show the launch form of a kernelspec again; takes `{spec}`. */
  export const askAgain = 'jupyter-ext:ask-before-start';
}

/** Describe the arguments of a command that takes none. */
export const NO_ARGS = {
  args: { type: 'object', properties: {} }
};

/** Describe the argument of a command that is about one cluster. */
export function clusterArgs(trans: TranslationBundle) {
  return {
    args: {
      type: 'object',
      properties: {
        cluster: {
          type: 'string',
          description: trans.__('Name of the profile; asked for when left out')
        }
      }
    }
  };
}

/** Describe the arguments of the command that asks for a password. */
export function loginArgs(trans: TranslationBundle) {
  const { args } = clusterArgs(trans);
  const user = {
    type: 'string',
    description: trans.__('User name that the form starts with')
  };
  return { args: { ...args, properties: { ...args.properties, user } } };
}
