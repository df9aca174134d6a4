/* A server of libmodbus for tests: floats in the library's two orders, whole numbers, a coil. */
#include <errno.h>
#include <modbus.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/select.h>
#include <unistd.h>

int main(int argc, char **argv) {
    modbus_t *context = modbus_new_tcp("127.0.0.1", atoi(argv[1]));
    modbus_mapping_t *map = modbus_mapping_new(10, 10, 20, 20);
    modbus_set_float_abcd(21.5f, map->tab_registers);
    modbus_set_float_cdab(21.5f, map->tab_registers + 2);
    map->tab_registers[4] = 1234;
    map->tab_registers[5] = (uint16_t)-5;
    map->tab_registers[6] = 0xFFFE; /* -70000 */
    map->tab_registers[7] = 0xEE90;
    map->tab_input_registers[0] = 7;
    map->tab_bits[3] = 1;
    int listener = modbus_tcp_listen(context, 4), highest = listener;
    fd_set open, ready;
    FD_ZERO(&open);
    FD_SET(listener, &open);
    puts("ready");
    fflush(stdout);
    for (;;) {
        ready = open;
        if (select(highest + 1, &ready, NULL, NULL, NULL) < 0) return 1;
        for (int one = 0; one <= highest; one++) {
            if (!FD_ISSET(one, &ready)) continue;
            if (one == listener) {
                int client = modbus_tcp_accept(context, &listener);
                if (client < 0) continue;
                FD_SET(client, &open);
                if (client > highest) highest = client;
                continue;
            }
            uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];
            modbus_set_socket(context, one);
            int length = modbus_receive(context, query);
            if (length > 0) modbus_reply(context, query, length, map);
            else if (length < 0) { close(one); FD_CLR(one, &open); }
        }
    }
}
