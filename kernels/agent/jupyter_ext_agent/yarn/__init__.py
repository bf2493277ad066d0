"""The agent as a YARN application: tokens, Hadoop's RPC, ApplicationMaster, second container."""
