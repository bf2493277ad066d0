import { nullTranslator } from '@jupyterlab/translation';
import { fireEvent, render, screen, waitFor } from '@testing-library/react';
import React from 'react';

import type { Profile } from '../../api';
import { EditForm } from '../edit';
import type { ISchema } from '../schema';
import { formOf, prune } from '../schema';

const text = { anyOf: [{ type: 'string' }, { type: 'null' }], default: null };

/** As pydantic writes them, with one of each kind that cluster.toml has. */
const SCHEMA: ISchema = {
  $defs: {
    Auth: {
      type: 'object',
      title: 'AuthConfig',
      properties: {
        type: {
          anyOf: [
            { type: 'string', enum: ['simple', 'kerberos'] },
            { type: 'null' }
          ],
          default: null,
          title: 'Type'
        },
        user: { ...text, title: 'User', description: 'Who you are.' }
      }
    },
    Ldap: {
      type: 'object',
      required: ['url'],
      properties: { url: { type: 'string', title: 'Url' } }
    }
  },
  type: 'object',
  title: 'ClusterConfig',
  properties: {
    title: { ...text, title: 'Title' },
    color: {
      anyOf: [{ type: 'string', enum: ['red'] }, { type: 'null' }],
      default: null
    },
    production: { type: 'boolean', default: false, title: 'Production' },
    auth: { $ref: '#/$defs/Auth', default: { type: null, user: null } },
    ldap: { anyOf: [{ $ref: '#/$defs/Ldap' }, { type: 'null' }] },
    locked: { type: 'array', items: { type: 'string' }, default: [] }
  }
};

const PROFILE = {
  name: 'prod',
  title: 'Production',
  locked: ['auth.user', 'conf'],
  config: {
    title: 'Production',
    production: true,
    auth: { type: null, user: 'alice' },
    ldap: null,
    locked: []
  }
} as unknown as Profile;

describe('formOf', () => {
  it('resolves references and takes null for a field left empty', () => {
    const { schema, uiSchema } = formOf(
      SCHEMA,
      PROFILE.locked,
      nullTranslator.load('jupyter_ext')
    );
    const { title, auth, ldap, locked } = schema.properties!;
    expect(title).toEqual({ title: 'Title', type: 'string' });
    expect(auth.properties!.type.enum).toEqual(['simple', 'kerberos']);
    expect(auth.properties!.user.description).toBe(
      'Who you are. Locked by your administrator.'
    );
    expect(auth.title).toBe('Authentication');
    expect(ldap).toEqual({
      title: 'LDAP',
      type: 'object',
      properties: { url: { type: 'string', title: 'URL' } }
    });
    expect(locked).toBeUndefined();
    expect(uiSchema).toEqual({
      auth: { user: { 'ui:disabled': true } },
      color: { 'ui:enumNames': ['Red'] }
    });
    expect(SCHEMA.properties!.locked).toBeDefined();
  });
});

describe('prune', () => {
  it('drops what says nothing', () => {
    expect(
      prune({ a: null, b: '', c: [], d: { e: null }, f: false, g: 0, h: ['x'] })
    ).toEqual({ f: false, g: 0, h: ['x'] });
    expect(prune({})).toBeUndefined();
  });
});

describe('EditForm', () => {
  function open(edit: jest.Mock) {
    const props = {
      translator: nullTranslator,
      profile: PROFILE,
      schema: SCHEMA,
      edit,
      onEdited: jest.fn(),
      close: jest.fn()
    };
    return { ...props, ...render(<EditForm {...props} />) };
  }

  const input = (name: string) =>
    document.getElementById(`jp-jext-edit_${name}`) as HTMLInputElement;

  it('disables what the administrator locked, and says so', () => {
    open(jest.fn());
    expect(input('auth_user').disabled).toBe(true);
    expect(input('auth_user').value).toBe('alice');
    expect(
      screen.getByText('Who you are. Locked by your administrator.')
    ).toBeTruthy();
    expect(input('title').disabled).toBe(false);
  });

  it('saves what was changed, and keeps it when the server refuses', async () => {
    const edit = jest.fn().mockRejectedValueOnce(new Error('ldap.url: no.'));
    edit.mockResolvedValueOnce(PROFILE);
    const { close, onEdited } = open(edit);
    fireEvent.change(input('title'), { target: { value: 'Main' } });
    fireEvent.change(input('ldap_url'), { target: { value: 'http://x' } });
    fireEvent.click(screen.getByRole('button', { name: 'Save' }));
    expect((await screen.findByRole('alert')).textContent).toBe(
      'ldap.url: no.'
    );
    expect(input('title').value).toBe('Main');
    fireEvent.change(input('ldap_url'), { target: { value: '' } });
    fireEvent.click(screen.getByRole('button', { name: 'Save' }));
    await waitFor(() => expect(close).toHaveBeenCalled());
    expect(edit.mock.calls[1]).toEqual([
      'prod',
      {
        title: 'Main',
        production: true,
        auth: { user: 'alice' },
        locked: []
      }
    ]);
    expect(onEdited).toHaveBeenCalledWith(PROFILE);
  });
});
