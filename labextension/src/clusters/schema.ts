import type { TranslationBundle } from '@jupyterlab/translation';

import type { Profile } from '../api';
import { colorNames } from './colors';

/** The context under which a catalogue has what the schema says about its fields. */
export const FORM_CONTEXT = 'form';

/** The part of JSON Schema that the server's models use. */
export interface ISchema {
  $ref?: string;
  $defs?: Record<string, ISchema>;
  type?: string;
  title?: string;
  description?: string;
  default?: unknown;
  anyOf?: ISchema[];
  properties?: Record<string, ISchema>;
  items?: ISchema;
  [keyword: string]: unknown;
}

/** Which parts of a form cannot be used, by name of the property. */
export interface IUiSchema {
  [property: string]: unknown;
}

/** Never edited here: what a layer locks concerns the layers above it, and the user's is on top. */
const HIDDEN = ['locked'];

/**
 * Make a form of a schema: references resolved, and "this or null" told as "this, or left empty".
 *
 * @param locked - Dotted keys that may not be changed.
 * @param trans - For the names of the fields and what is said about them.
 */
export function formOf(
  schema: ISchema,
  locked: ReadonlyArray<string>,
  trans: TranslationBundle
): { schema: ISchema; uiSchema: IUiSchema } {
  const root = resolve(schema, schema);
  for (const name of HIDDEN) {
    delete root.properties?.[name];
  }
  // The dialog's title says it already.
  delete root.title;
  delete root.description;
  translate(root, fieldNames(trans), trans);
  const colors = (root.properties?.color?.enum ?? []) as Profile['color'][];
  const uiSchema: IUiSchema = {
    color: { 'ui:enumNames': colors.map(color => colorNames(trans)[color]) }
  };
  for (const key of locked) {
    lock(
      root,
      uiSchema,
      key.split('.'),
      trans.__('Locked by your administrator.')
    );
  }
  return { schema: root, uiSchema };
}

/** A value without what says nothing: null, empty text, lists and tables of nothing. */
export function prune(value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map(prune).filter(item => item !== undefined);
    return items.length ? items : undefined;
  }
  if (value !== null && typeof value === 'object') {
    const entries = Object.entries(value)
      .map(([key, item]) => [key, prune(item)] as const)
      .filter(([, item]) => item !== undefined);
    return entries.length ? Object.fromEntries(entries) : undefined;
  }
  return value === null || value === '' ? undefined : value;
}

/** What the fields are called; one that is not here goes by the name that the schema has. */
function fieldNames(trans: TranslationBundle): Record<string, string> {
  return {
    allowed_groups: trans.__('Allowed groups'),
    archive: trans.__('Environment archive'),
    auth: trans.__('Authentication'),
    base_dn: trans.__('Base DN'),
    ccache: trans.__('Ticket file'),
    color: trans.__('Colour'),
    cull_idle_s: trans.__('Idle limit (s)'),
    docker: trans.__('Docker'),
    enabled: trans.__('Enabled'),
    environment: trans.__('Environment variables'),
    gateway: trans.__('Gateway'),
    gpus: trans.__('GPUs'),
    group_dn: trans.__('Group DN'),
    hiveserver2: trans.__('HiveServer2'),
    host: trans.__('Daemon'),
    image: trans.__('Image'),
    images: trans.__('Images'),
    kdc: trans.__('KDCs'),
    kerberos: trans.__('Kerberos'),
    kernels: trans.__('Kernels'),
    keytab: trans.__('Keytab'),
    kms: trans.__('KMS'),
    languages: trans.__('Languages'),
    ldap: trans.__('LDAP'),
    lease_s: trans.__('Lease (s)'),
    livy: trans.__('Livy'),
    local: trans.__('Local'),
    memory_mb: trans.__('Memory (MB)'),
    namenode: trans.__('NameNode'),
    network: trans.__('Network'),
    node_label: trans.__('Node label'),
    pids: trans.__('Process limit'),
    presets: trans.__('Presets'),
    plain_http: trans.__('Secrets over http'),
    principal: trans.__('Principal'),
    production: trans.__('Production'),
    program: trans.__('Credential program'),
    python: trans.__('Python'),
    queue: trans.__('Queue'),
    queues: trans.__('Queues of groups'),
    realm: trans.__('Realm'),
    renew_lifetime: trans.__('Renewable for'),
    resourcemanager: trans.__('ResourceManager'),
    shm_mb: trans.__('Shared memory (MB)'),
    ticket_lifetime: trans.__('Ticket lifetime'),
    timeout_s: trans.__('Timeout (s)'),
    title: trans.__('Title'),
    tls_ca: trans.__('CA of the daemon'),
    tls_cert: trans.__('Client certificate'),
    tls_key: trans.__('Client key'),
    token: trans.__('Token service'),
    type: trans.__('Type'),
    url: trans.__('URL'),
    user: trans.__('User'),
    user_attribute: trans.__('User attribute'),
    vcores: trans.__('Virtual cores'),
    volumes: trans.__('Volumes'),
    yarn: trans.__('YARN')
  };
}

/** Put every word of a form into the user's language, in place. */
function translate(
  schema: ISchema,
  names: Record<string, string>,
  trans: TranslationBundle
): void {
  if (schema.description) {
    // eslint-disable-next-line jupyter/no-dynamic-translation -- the strings are in the schema
    schema.description = trans._p(FORM_CONTEXT, schema.description);
  }
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    property.title = names[name] ?? property.title ?? name;
    translate(property, names, trans);
    if (property.items) {
      translate(property.items, names, trans);
    }
  }
}

function resolve(schema: ISchema, root: ISchema): ISchema {
  const { $ref, anyOf, ...own } = schema;
  delete own.$defs;
  let result: ISchema = own;
  if ($ref) {
    const target = root.$defs?.[$ref.replace('#/$defs/', '')] ?? {};
    result = { ...resolve(target, root), ...own };
  } else if (anyOf) {
    const some = anyOf.find(option => option.type !== 'null') ?? {};
    result = { ...resolve(some, root), ...own };
  }
  if (result.default === null || result.type === 'object') {
    delete result.default;
  }
  if (result.properties) {
    result.properties = Object.fromEntries(
      Object.entries(result.properties).map(([name, property]) => [
        name,
        resolve(property, root)
      ])
    );
    // The server says what is missing; here an empty table means that there is none.
    delete result.required;
  }
  if (result.items) {
    result.items = resolve(result.items, root);
  }
  return result;
}

function lock(
  schema: ISchema,
  uiSchema: IUiSchema,
  [name, ...rest]: string[],
  note: string
): void {
  const property = schema.properties?.[name];
  if (!property) {
    // Not part of cluster.toml, such as conf, which locks the XML.
    return;
  }
  const ui = (uiSchema[name] ??= {}) as IUiSchema;
  if (rest.length) {
    lock(property, ui, rest, note);
  } else {
    ui['ui:disabled'] = true;
    property.description = [property.description, note]
      .filter(Boolean)
      .join(' ');
  }
}
