"""The collector of Modbus devices: reads their registers again and again."""
