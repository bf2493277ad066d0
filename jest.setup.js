// A busy machine may take seconds for what a person waits for a moment.
require('@testing-library/dom').configure({ asyncUtilTimeout: 20000 });

// jsdom has an AbortController of its own, whose signals Node's Request refuses since version 24.
const { transferableAbortController } = require('node:util');
const controller = transferableAbortController();
globalThis.AbortController = controller.constructor;
globalThis.AbortSignal = controller.signal.constructor;
