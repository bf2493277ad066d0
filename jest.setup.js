// A busy machine may take seconds for what a person waits for a moment.
require('@testing-library/dom').configure({ asyncUtilTimeout: 20000 });
