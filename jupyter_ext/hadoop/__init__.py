"""Wire clients of Hadoop daemons: ResourceManager, NameNode, WebHDFS."""
