import type { TranslationBundle } from '@jupyterlab/translation';

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
 * @param trans - For the names of the fields.
 */
export function formOf(
  schema: ISchema,
  locked: ReadonlyArray<string>,
  trans: TranslationBundle
): { schema: ISchema; uiSchema: IUiSchema } {
  const root = resolve(schema, schema, fieldNames(trans));
  for (const name of HIDDEN) {
    delete root.properties?.[name];
  }
  // The dialog's title says it already.
  delete root.title;
  delete root.description;
  const uiSchema: IUiSchema = {};
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
    archive: trans.__('Environment archive'),
    auth: trans.__('Authentication'),
    base_dn: trans.__('Base DN'),
    color: trans.__('Colour'),
    docker: trans.__('Docker'),
    gateway: trans.__('Gateway'),
    hiveserver2: trans.__('HiveServer2'),
    image: trans.__('Image'),
    kdc: trans.__('KDCs'),
    kerberos: trans.__('Kerberos'),
    kernels: trans.__('Kernels'),
    ldap: trans.__('LDAP'),
    livy: trans.__('Livy'),
    local: trans.__('Local'),
    memory_mb: trans.__('Memory (MB)'),
    namenode: trans.__('NameNode'),
    production: trans.__('Production'),
    python: trans.__('Python'),
    queue: trans.__('Queue'),
    realm: trans.__('Realm'),
    resourcemanager: trans.__('ResourceManager'),
    title: trans.__('Title'),
    type: trans.__('Type'),
    url: trans.__('URL'),
    user: trans.__('User'),
    vcores: trans.__('Virtual cores'),
    yarn: trans.__('YARN')
  };
}

function resolve(
  schema: ISchema,
  root: ISchema,
  names: Record<string, string>
): ISchema {
  const { $ref, anyOf, ...own } = schema;
  delete own.$defs;
  let result: ISchema = own;
  if ($ref) {
    const target = root.$defs?.[$ref.replace('#/$defs/', '')] ?? {};
    result = { ...resolve(target, root, names), ...own };
  } else if (anyOf) {
    const some = anyOf.find(option => option.type !== 'null') ?? {};
    result = { ...resolve(some, root, names), ...own };
  }
  if (result.default === null || result.type === 'object') {
    delete result.default;
  }
  if (result.properties) {
    result.properties = Object.fromEntries(
      Object.entries(result.properties).map(([name, property]) => [
        name,
        {
          ...resolve(property, root, names),
          title: names[name] ?? property.title ?? name
        }
      ])
    );
    // The server says what is missing; here an empty table means that there is none.
    delete result.required;
  }
  if (result.items) {
    result.items = resolve(result.items, root, names);
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
