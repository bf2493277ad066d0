import { nullTranslator } from '@jupyterlab/translation';
import { fireEvent, render, screen, waitFor } from '@testing-library/react';
import React from 'react';

import type { Directory, Profile } from '../../api';
import { ResponseError } from '../../request';
import { AddForm } from '../add';
import { MAX_ARCHIVE_BYTES } from '../archive';

const trans = nullTranslator.load('jupyter_ext');

function open(answers: { add?: jest.Mock; list?: jest.Mock } = {}) {
  const props = {
    trans,
    add: answers.add ?? jest.fn(async () => ({ name: 'stage' }) as Profile),
    list: answers.list ?? jest.fn(),
    onAdded: jest.fn(),
    onLost: jest.fn(),
    close: jest.fn()
  };
  return { ...props, ...render(<AddForm {...props} />) };
}

function type(label: string, value: string): void {
  fireEvent.change(screen.getByLabelText(label), { target: { value } });
}

function value(label: string): string {
  return screen.getByLabelText<HTMLInputElement>(label).value;
}

function submit(): void {
  fireEvent.click(screen.getByRole('button', { name: 'Add' }));
}

function drop(file: File): void {
  const event = new Event('drop', { bubbles: true, cancelable: true });
  Object.assign(event, { dataTransfer: { files: [file] } });
  fireEvent(screen.getByLabelText(/^Drop a zip or tar archive/), event);
  expect(event.defaultPrevented).toBe(true);
}

/** The test environment's own File is none that its FileReader takes. */
function makeFile(content: string, name: string): File {
  return Object.assign(new Blob([content]), { name }) as File;
}

describe('AddForm', () => {
  it('sends a dropped archive under the name that the file suggests', async () => {
    const { add, onAdded, close } = open();
    drop(makeFile('PK', 'Stage Conf.tar.gz'));
    expect(value('Name')).toBe('stage-conf');
    type('Title', 'Staging');
    fireEvent.click(screen.getByLabelText('Orange'));
    fireEvent.click(screen.getByLabelText(/^Production cluster/));
    submit();
    await waitFor(() => expect(close).toHaveBeenCalled());
    expect(add).toHaveBeenCalledWith({
      name: 'stage-conf',
      source: {
        kind: 'archive',
        filename: 'Stage Conf.tar.gz',
        data: btoa('PK')
      },
      config: { title: 'Staging', color: 'orange', production: true }
    });
    expect(onAdded).toHaveBeenCalledWith({ name: 'stage' });
  });

  it('refuses a file of more than 20 MB without reading it', () => {
    const read = jest.spyOn(FileReader.prototype, 'readAsDataURL');
    const { add } = open();
    const file = makeFile('x', 'all.zip');
    Object.defineProperty(file, 'size', { value: 3 * MAX_ARCHIVE_BYTES });
    drop(file);
    expect(screen.getByRole('alert').textContent).toContain(
      'all.zip has 60 MB; at most 20 MB can be sent.'
    );
    submit();
    expect(read).not.toHaveBeenCalled();
    expect(add).not.toHaveBeenCalled();
    read.mockRestore();
  });

  it('keeps everything typed when the server refuses', async () => {
    const refusal = new ResponseError(409, {
      code: 'conflict',
      message: 'There is a cluster named stage already.',
      hint: 'Choose another name.',
      cluster: 'stage',
      error_id: ''
    });
    const add = jest.fn().mockRejectedValueOnce(refusal);
    add.mockResolvedValueOnce({ name: 'stage2' });
    const { close } = open({ add });
    fireEvent.click(screen.getByRole('tab', { name: 'URL' }));
    type('URL of an archive', 'https://repo.example.com/stage.zip');
    type('Title', 'Staging');
    submit();
    expect((await screen.findByRole('alert')).textContent).toBe(
      'There is a cluster named stage already. Choose another name.'
    );
    expect(close).not.toHaveBeenCalled();
    expect(document.activeElement).toBe(
      screen.getByRole('button', { name: 'Add' })
    );
    expect(value('URL of an archive')).toBe(
      'https://repo.example.com/stage.zip'
    );
    expect(value('Title')).toBe('Staging');
    expect(value('Name')).toBe('stage');
    type('Name', 'stage2');
    submit();
    await waitFor(() => expect(close).toHaveBeenCalled());
    expect(add.mock.calls[1][0].name).toBe('stage2');
  });

  it('tells what went wrong even when it was closed meanwhile', async () => {
    let fail: (error: Error) => void = () => undefined;
    const add = jest.fn(
      () => new Promise<Profile>((_, reject) => (fail = reject))
    );
    const { onLost, unmount } = open({ add });
    fireEvent.click(screen.getByRole('tab', { name: 'URL' }));
    type('URL of an archive', 'https://repo.example.com/stage.zip');
    submit();
    expect(
      screen.getByRole<HTMLButtonElement>('button', { name: 'Add' }).disabled
    ).toBe(true);
    expect(document.activeElement).toBe(
      screen.getByRole('button', { name: 'Close' })
    );
    expect(screen.getByRole('status').textContent).toContain('0 s');
    unmount();
    fail(new Error('The connection was lost.'));
    await waitFor(() =>
      expect(onLost).toHaveBeenCalledWith('The connection was lost.')
    );
  });

  it('says what is missing, and asks the server for nothing', () => {
    const { add } = open();
    submit();
    expect(screen.getByText('Choose an archive first.')).toBeTruthy();
    expect(screen.getByText('Give the cluster a name.')).toBeTruthy();
    type('Name', 'No Good');
    expect(screen.getByLabelText('Name').getAttribute('aria-invalid')).toBe(
      'true'
    );
    expect(add).not.toHaveBeenCalled();
  });

  it('moves between the tabs by arrow keys', () => {
    open();
    const tab = (name: string) => screen.getByRole('tab', { name });
    fireEvent.keyDown(tab('Archive'), { key: 'ArrowLeft' });
    expect(document.activeElement).toBe(tab('URL'));
    expect(tab('URL').getAttribute('aria-selected')).toBe('true');
    expect(tab('Archive').tabIndex).toBe(-1);
    fireEvent.keyDown(tab('URL'), { key: 'Home' });
    expect(document.activeElement).toBe(tab('Archive'));
  });

  it('walks through the directories of the server', async () => {
    const tree: Record<string, Directory> = {
      '': {
        path: '/home/me',
        parent: '/home',
        directories: ['prod'],
        is_conf_dir: false
      },
      '/home/me/prod': {
        path: '/home/me/prod',
        parent: '/home/me',
        directories: [],
        is_conf_dir: true
      }
    };
    const list = jest.fn(async (path: string) => {
      if (!(path in tree)) {
        throw new Error(`${path} cannot be listed: Permission denied.`);
      }
      return tree[path];
    });
    const { add, close } = open({ list });
    fireEvent.click(
      screen.getByRole('tab', { name: 'Directory on the server' })
    );
    fireEvent.click(await screen.findByRole('button', { name: 'prod' }));
    expect(
      await screen.findByText(/holds a Hadoop configuration/)
    ).toBeTruthy();
    expect(value('Path')).toBe('/home/me/prod');
    expect(value('Name')).toBe('prod');
    fireEvent.click(screen.getByRole('button', { name: '/' }));
    expect((await screen.findByRole('alert')).textContent).toBe(
      '/ cannot be listed: Permission denied.'
    );
    submit();
    await waitFor(() => expect(close).toHaveBeenCalled());
    expect(add.mock.calls[0][0].source).toEqual({
      kind: 'directory',
      path: '/home/me/prod'
    });
  });
});
